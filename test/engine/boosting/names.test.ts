import { describe, expect, it } from 'vitest';
import { boostingParametersFrom } from '../../../engine/index.js';

describe('boostingParametersFrom', () => {
  it('refuses a parameter that it does not know, with the names that look like it', () => {
    expect(() => boostingParametersFrom({ num_leafs: 3 })).toThrow(/^LightGBM parameter num_leafs = 3 is not offered by this boosting; did you mean .*'num_leaves'/);
    expect(() => boostingParametersFrom({ quantum: true })).toThrow(/^LightGBM parameter quantum = true is not offered by this boosting$/);
  });
});
