/** What a configuration asks for and cannot have: all of it is named at once, before anything runs. */
import { InvalidInput } from '../../domain/errors.js';

export class Problems {
  readonly found: string[] = [];

  /** The value, or null where it was refused. Faults of the program go through. */
  try<T>(where: string, make: () => T): T | null {
    try {
      return make();
    } catch (error) {
      if (!(error instanceof InvalidInput)) throw error;
      this.found.push(`${where}: ${error.message}`);
      return null;
    }
  }

  /** @throws InvalidInput listing all, when there are any */
  refuse(file: string): void {
    if (this.found.length === 0) return;
    const count = this.found.length === 1 ? 'one thing' : `${this.found.length} things`;
    throw new InvalidInput(`${file}: ${count} cannot be honoured, so nothing was run:\n${this.found.map((problem) => `  - ${problem}`).join('\n')}`);
  }
}
