/** Distinct texts by their UTF-8 bytes, numbered in the order in which they were first met: a text that is known costs no string. */
export class TextDictionary {
  readonly texts: string[] = [];
  private bytes = Buffer.allocUnsafeSlow(4096);
  /** Text i is bytes[ends[i − 1] … ends[i]). */
  private ends = new Uint32Array(256);
  /** Open addressing: 0 is free, else the number of a text plus one. */
  private slots = new Int32Array(512);

  /** The number of the text bytes[from … to). */
  codeOf(bytes: Uint8Array, from: number, to: number): number {
    // FNV-1a.
    let hash = 0x811c9dc5;
    for (let i = from; i < to; i++) hash = Math.imul(hash ^ bytes[i]!, 0x01000193);
    const mask = this.slots.length - 1;
    let slot = (hash ^ (hash >>> 15)) & mask;
    for (;;) {
      const known = this.slots[slot]!;
      if (known === 0) return this.add(bytes, from, to, slot);
      if (this.equals(known - 1, bytes, from, to)) return known - 1;
      slot = (slot + 1) & mask;
    }
  }

  private equals(code: number, bytes: Uint8Array, from: number, to: number): boolean {
    const start = code === 0 ? 0 : this.ends[code - 1]!;
    if (this.ends[code]! - start !== to - from) return false;
    for (let i = from, j = start; i < to; i++, j++) if (bytes[i] !== this.bytes[j]) return false;
    return true;
  }

  private add(bytes: Uint8Array, from: number, to: number, slot: number): number {
    const code = this.texts.length;
    const start = code === 0 ? 0 : this.ends[code - 1]!;
    const end = start + to - from;
    if (end > this.bytes.length) {
      const larger = Buffer.allocUnsafeSlow(Math.max(end, 2 * this.bytes.length));
      this.bytes.copy(larger, 0, 0, start);
      this.bytes = larger;
    }
    if (code === this.ends.length) {
      const larger = new Uint32Array(2 * code);
      larger.set(this.ends);
      this.ends = larger;
    }
    this.bytes.set(bytes.subarray(from, to), start);
    this.ends[code] = end;
    this.texts.push(this.bytes.toString('utf8', start, end));
    this.slots[slot] = code + 1;
    if (2 * this.texts.length > this.slots.length) this.grow();
    return code;
  }

  private grow(): void {
    const slots = new Int32Array(4 * this.slots.length);
    const mask = slots.length - 1;
    for (let code = 0; code < this.texts.length; code++) {
      let hash = 0x811c9dc5;
      for (let i = code === 0 ? 0 : this.ends[code - 1]!; i < this.ends[code]!; i++) hash = Math.imul(hash ^ this.bytes[i]!, 0x01000193);
      let slot = (hash ^ (hash >>> 15)) & mask;
      while (slots[slot] !== 0) slot = (slot + 1) & mask;
      slots[slot] = code + 1;
    }
    this.slots = slots;
  }
}
