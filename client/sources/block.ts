/** The contract of row sources lives in domain/row-block.ts, because the store consumes it; readers import it from here. */
export type * from '../../domain/row-block.js';
