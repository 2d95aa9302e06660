/** Pixels as a PNG file: what every mail reader shows, where many refuse SVG. Source: PNG specification, third edition (W3C 2023). */
import { crc32, deflateSync } from 'node:zlib';

const SIGNATURE = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
const TRUECOLOUR = 2;
/** Each row as its difference to the one above: drawings have many equal rows. */
const FILTER_UP = 2;

/** @param rgb 3 bytes for each pixel, rows from the top; length width × height × 3 */
export function encodePng(rgb: Uint8ClampedArray, width: number, height: number): Buffer {
  const stride = width * 3;
  const rows = Buffer.alloc((stride + 1) * height);
  for (let y = 0; y < height; y += 1) {
    const to = y * (stride + 1);
    rows[to] = FILTER_UP;
    for (let i = 0; i < stride; i += 1) rows[to + 1 + i] = rgb[y * stride + i]! - (y > 0 ? rgb[(y - 1) * stride + i]! : 0);
  }
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.set([8, TRUECOLOUR, 0, 0, 0], 8);
  return Buffer.concat([SIGNATURE, chunk('IHDR', header), chunk('IDAT', deflateSync(rows, { level: 9 })), chunk('IEND', Buffer.alloc(0))]);
}

function chunk(type: string, data: Buffer): Buffer {
  const body = Buffer.concat([Buffer.from(type, 'latin1'), data]);
  const framed = Buffer.alloc(body.length + 8);
  framed.writeUInt32BE(data.length, 0);
  body.copy(framed, 4);
  framed.writeUInt32BE(crc32(body), body.length + 4);
  return framed;
}
