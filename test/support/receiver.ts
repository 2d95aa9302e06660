/** A server of somebody else's that takes requests, and answers as it is told. */
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';

export interface Posted {
  path: string;
  headers: IncomingHttpHeaders;
  text: string;
  body: Record<string, unknown>;
}

export class Receiver {
  readonly posted: Posted[] = [];
  /** Status of the next answers, in order; then 200. */
  answers: number[] = [];
  #server: Server | null = null;
  url = '';

  async open(): Promise<void> {
    const server = createServer((request, response) => {
      const pieces: Buffer[] = [];
      request.on('data', (piece: Buffer) => pieces.push(piece));
      request.on('end', () => {
        const text = Buffer.concat(pieces).toString();
        this.posted.push({ path: request.url ?? '', headers: request.headers, text, body: JSON.parse(text) as Record<string, unknown> });
        response.writeHead(this.answers.shift() ?? 200).end('ok');
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    this.url = `http://127.0.0.1:${(server.address() as { port: number }).port}`;
    this.#server = server;
  }

  async close(): Promise<void> {
    const server = this.#server;
    server?.closeAllConnections();
    await new Promise<void>((resolve) => (server ? server.close(() => resolve()) : resolve()));
  }
}
