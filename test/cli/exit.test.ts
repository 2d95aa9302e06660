import { describe, expect, it } from 'vitest';
import { explain } from '../../cli/support/exit.js';
import { InvalidInput } from '../../domain/errors.js';

describe('explain', () => {
  it('says all of our own refusals, also when they list several faults', () => {
    expect(explain(new InvalidInput('2 things cannot be honoured, so nothing was run:\n  - one\n  - two\n'))).toBe('2 things cannot be honoured, so nothing was run:\n  - one\n  - two');
  });

  it('says the first line of what others throw', () => {
    expect(explain(new Error('syntax error at or near "form"\nLINE 1: select 1 form\n'))).toBe('syntax error at or near "form"');
    expect(explain('gone')).toBe('gone');
  });

  it('says how to start the servers when none can be reached', () => {
    expect(explain(new Error('connect ECONNREFUSED 127.0.0.1:5432'))).toContain("start them with 'aftercare up'");
  });
});
