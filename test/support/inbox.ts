/** A real mail server on this machine that keeps what it gets, and can be killed and opened again. */
import PostalMime, { type Email } from 'postal-mime';
import { SMTPServer, type SMTPServerOptions } from 'smtp-server';

export interface Received {
  to: string[];
  raw: string;
  headers: Map<string, string>;
  mail: Email;
  text: string;
}

export class Inbox {
  readonly received: Received[] = [];
  refuse: { address: string; code: number; times: number } | null = null;
  /** Waited for between the last byte of a mail, which is kept, and the server's yes. */
  beforeYes: () => Promise<void> = () => Promise.resolve();
  #server: SMTPServer | null = null;
  #port = 0;

  get url(): string {
    return `smtp://127.0.0.1:${this.#port}`;
  }

  /** On the port that it had before, if it had one. */
  async open(options: SMTPServerOptions = {}): Promise<void> {
    const server = new SMTPServer({
      authOptional: true, disabledCommands: ['STARTTLS'], logger: false, closeTimeout: 1, ...options,
      onRcptTo: ({ address }, _session, done) => {
        if (this.refuse && this.refuse.address === address && this.refuse.times-- > 0) return done(Object.assign(new Error('not now, or never'), { responseCode: this.refuse.code }));
        done();
      },
      onData: (stream, session, done) => {
        const pieces: Buffer[] = [];
        stream.on('data', (piece: Buffer) => pieces.push(piece));
        stream.on('end', () => void this.#keep(Buffer.concat(pieces), session.envelope.rcptTo.map(({ address }) => address)).then(this.beforeYes).then(() => done(), done));
      },
    });
    server.on('error', () => undefined);   // a client that was killed in the middle
    await new Promise<void>((resolve) => server.listen(this.#port, '127.0.0.1', resolve));
    this.#port = (server.server.address() as { port: number }).port;
    this.#server = server;
  }

  /** Connections that are open are cut. */
  async close(): Promise<void> {
    await new Promise<void>((resolve) => (this.#server ? this.#server.close(() => resolve()) : resolve()));
    this.#server = null;
  }

  async #keep(raw: Buffer, to: string[]): Promise<void> {
    const mail = await PostalMime.parse(raw);
    this.received.push({ to, raw: raw.toString(), headers: new Map(mail.headers.map(({ key, value }) => [key, value])), mail, text: mail.text ?? '' });
  }
}
