import { describe, expect, it } from 'vitest';
import { didYouMean, nearNames } from '../../domain/near-names.js';

describe('nearNames', () => {
  it('finds names that differ by case, separators, a few letters or an exchange of neighbours', () => {
    expect(nearNames('Y_Pred', ['y_pred', 'income'])).toEqual(['y_pred']);
    expect(nearNames('ypred', ['y_pred', 'income'])).toEqual(['y_pred']);
    expect(nearNames('incmoe', ['y_pred', 'income'])).toEqual(['income']);
    expect(nearNames('repaid', ['repaid_at', 'other'])).toEqual(['repaid_at']);
  });

  it('gives the nearest first, three at most, and nothing when none is near', () => {
    expect(nearNames('abcd', ['abce', 'abcd ', 'abcx', 'abcy'])).toEqual(['abcd ', 'abce', 'abcx']);
    expect(nearNames('id', ['timestamp', 'score'])).toEqual([]);
    expect(didYouMean('id', ['timestamp'])).toBe('');
    expect(didYouMean('frist', ['first'])).toBe(`; did you mean 'first'?`);
  });
});
