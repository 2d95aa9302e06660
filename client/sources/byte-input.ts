import { createReadStream } from 'node:fs';
import { open, stat, type FileHandle } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { InvalidInput } from '../../domain/errors.js';

const GUNZIP_CHUNK_BYTES = 256 * 1024;
const PIECE_BYTES = 1024 * 1024;

/** Bytes in order, with what stands at their beginning known beforehand. */
export interface ByteInput {
  readonly label: string;
  readonly progress: { bytesRead: number; bytesTotal: number | null };
  /** The first bytes, up to eight; fewer only when there are no more. They are read again by `read`. */
  readonly head: Buffer;
  /** Writes behind `from` and returns how many bytes; 0 at the end. */
  read(target: Buffer, from: number): Promise<number>;
  close(): Promise<void>;
}

/**
 * A file that exists and can be read.
 * @throws InvalidInput for a missing file, a folder, a file that may not be read or is empty
 */
export async function openFile(path: string): Promise<{ handle: FileHandle; size: number; regular: boolean }> {
  let handle: FileHandle | undefined;
  try {
    const found = await stat(path);
    if (found.isDirectory()) throw new InvalidInput(`${path} is a folder: name one file in it`);
    handle = await open(path, 'r');
    if (found.isFile() && found.size === 0) throw new InvalidInput(`${path} is empty (0 bytes): a header line or rows are needed`);
    return { handle, size: found.size, regular: found.isFile() };
  } catch (error) {
    await handle?.close();
    throw asInvalidInput(error, path);
  }
}

/** What the operating system or the decompressor says about a file, in words that help; anything else unchanged. */
export function asInvalidInput(error: unknown, label: string): unknown {
  if (!(error instanceof Error) || error instanceof InvalidInput) return error;
  switch ((error as NodeJS.ErrnoException).code) {
    case 'ENOENT': case 'ENOTDIR': return new InvalidInput(`${label} does not exist: check the path`);
    case 'EISDIR': return new InvalidInput(`${label} is a folder: name one file in it`);
    case 'EACCES': case 'EPERM': return new InvalidInput(`${label} may not be read by this user: change its permissions or copy it`);
    case 'Z_BUF_ERROR': return new InvalidInput(`${label}: the gzip data ends too early, the file is cut off: transfer or compress it again`);
    case 'Z_DATA_ERROR': return new InvalidInput(`${label}: the gzip data is damaged (${error.message}): transfer or compress it again`);
    default: return error;
  }
}

/** Reads a plain file, always one piece ahead of the parser: on a busy machine it would else wait for each. */
class FileInput implements ByteInput {
  readonly head: Buffer;
  readonly progress: { bytesRead: number; bytesTotal: number | null };
  private position = 0;
  private piece: Buffer = Buffer.alloc(0);
  private spare = Buffer.allocUnsafeSlow(PIECE_BYTES);
  private other = Buffer.allocUnsafeSlow(PIECE_BYTES);
  private ahead: Promise<number> | null = null;

  constructor(readonly label: string, private readonly handle: FileHandle, size: number, head: Buffer) {
    this.head = head;
    this.progress = { bytesRead: 0, bytesTotal: size };
  }

  async read(target: Buffer, from: number): Promise<number> {
    if (this.piece.length === 0) {
      this.ahead ??= this.readInto(this.spare);
      const length = await this.ahead;
      this.piece = this.spare.subarray(0, length);
      [this.spare, this.other] = [this.other, this.spare];
      this.ahead = length === 0 ? Promise.resolve(0) : this.readInto(this.spare);
      this.ahead.catch(() => undefined);                                  // told by the next read, if there is one
    }
    const length = Math.min(this.piece.length, target.length - from);
    this.piece.copy(target, from, 0, length);
    this.piece = this.piece.subarray(length);
    this.progress.bytesRead += length;
    return length;
  }

  private async readInto(buffer: Buffer): Promise<number> {
    const { bytesRead } = await this.handle.read(buffer, 0, buffer.length, this.position);
    this.position += bytesRead;
    return bytesRead;
  }

  async close(): Promise<void> {
    await this.ahead?.catch(() => undefined);
    await this.handle.close();
  }
}

/** Reads from a stream of buffers; counts what the stream below it has delivered. */
class StreamInput implements ByteInput {
  head: Buffer = Buffer.alloc(0);
  private left: Buffer = Buffer.alloc(0);
  private ended = false;
  private readonly iterator: AsyncIterator<Uint8Array | string>;

  constructor(
    readonly label: string,
    private readonly stream: Readable,
    readonly progress: { bytesRead: number; bytesTotal: number | null },
    private readonly counts: boolean,
    private readonly release: () => Promise<void>,
  ) {
    this.iterator = stream[Symbol.asyncIterator]() as AsyncIterator<Uint8Array | string>;
  }

  async peek(): Promise<void> {
    while (this.left.length < 8 && await this.fetch());
    this.head = Buffer.from(this.left.subarray(0, 8));
  }

  private async fetch(): Promise<boolean> {
    if (this.ended) return false;
    let next: IteratorResult<Uint8Array | string>;
    try {
      next = await this.iterator.next();
    } catch (error) {
      throw asInvalidInput(error, this.label);
    }
    if (next.done) {
      this.ended = true;
      return false;
    }
    const chunk = typeof next.value === 'string' ? Buffer.from(next.value, 'utf8') : asBuffer(next.value, this.label);
    if (this.counts) this.progress.bytesRead += chunk.length;
    this.left = this.left.length === 0 ? chunk : Buffer.concat([this.left, chunk]);
    return true;
  }

  async read(target: Buffer, from: number): Promise<number> {
    while (this.left.length === 0) if (!await this.fetch()) return 0;
    const length = Math.min(this.left.length, target.length - from);
    this.left.copy(target, from, 0, length);
    this.left = this.left.subarray(length);
    return length;
  }

  async close(): Promise<void> {
    this.stream.destroy();
    await this.release();
  }
}

function asBuffer(chunk: unknown, label: string): Buffer {
  if (chunk instanceof Uint8Array) return Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
  throw new InvalidInput(`${label}: the stream delivers ${typeof chunk} values, bytes are needed: give objects as rows in code instead`);
}

/** Opens a file and unpacks gzip, told by its first bytes. @throws InvalidInput */
export async function openPath(path: string): Promise<ByteInput> {
  const { handle, size, regular } = await openFile(path);
  if (!regular) {                                                        // a pipe or device: in order only
    return openStream(handle.createReadStream(), path);
  }
  const head = Buffer.alloc(8);
  const { bytesRead } = await handle.read(head, 0, 8, 0);
  if (!isGzip(head)) return new FileInput(path, handle, size, head.subarray(0, bytesRead));
  await handle.close();
  const progress = { bytesRead: 0, bytesTotal: size };
  const raw = createReadStream(path, { highWaterMark: GUNZIP_CHUNK_BYTES });
  raw.on('data', (chunk) => void (progress.bytesRead += chunk.length));
  return gunzipped(raw, path, progress, () => Promise.resolve());
}

/** Takes a stream of bytes and unpacks gzip, told by its first bytes. @throws InvalidInput */
export async function openStream(stream: Readable, label: string): Promise<ByteInput> {
  const progress: ByteInput['progress'] = { bytesRead: 0, bytesTotal: null };
  const input = new StreamInput(label, stream, progress, true, () => Promise.resolve());
  await input.peek();
  if (!isGzip(input.head)) return input;
  return gunzipped(Readable.from(piecesOf(input)), label, progress, () => input.close());
}

async function gunzipped(raw: Readable, label: string, progress: ByteInput['progress'], release: () => Promise<void>): Promise<ByteInput> {
  const gunzip = createGunzip({ chunkSize: GUNZIP_CHUNK_BYTES });
  raw.on('error', (error) => gunzip.destroy(error));
  raw.pipe(gunzip);
  const input = new StreamInput(label, gunzip, progress, false, async () => {
    raw.destroy();
    await release();
  });
  try {
    await input.peek();
  } catch (error) {
    await input.close();
    throw error;
  }
  return input;
}

/** Everything that is left, piece by piece. */
export async function* piecesOf(input: ByteInput): AsyncGenerator<Buffer> {
  for (;;) {
    const piece = Buffer.allocUnsafe(GUNZIP_CHUNK_BYTES);
    const length = await input.read(piece, 0);
    if (length === 0) return;
    yield piece.subarray(0, length);
  }
}

function isGzip(head: Buffer): boolean {
  return head.length >= 2 && head[0] === 0x1f && head[1] === 0x8b;
}
