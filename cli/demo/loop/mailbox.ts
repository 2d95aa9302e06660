/** The story's mail server: a real one, on this machine only. What comes stays as files: .eml as it came, .html for a browser. */
import { createHash } from 'node:crypto';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import PostalMime, { type Email } from 'postal-mime';
import { SMTPServer } from 'smtp-server';

export interface Mail {
  to: string;
  subject: string;
  /** ISO 8601, as its sender wrote it. */
  at: string;
  text: string;
  /** Paths. */
  eml: string;
  html: string;
}

/** A mail of ours has some kilobytes and a picture. */
const SIZE_MAX = 5_000_000;

export class Mailbox {
  readonly #server: SMTPServer;
  readonly #onMail: (mail: Mail) => void;
  readonly #mails = new Map<string, Mail>();
  /** One after another: they are numbered. */
  #keeping: Promise<unknown> = Promise.resolve();
  #folder: string | null = null;

  /** Listens on a free port. Takes mails from `keepIn` on; before that a sender is told to come back. */
  static async open(onMail: (mail: Mail) => void): Promise<Mailbox> {
    const mailbox = new Mailbox(onMail);
    await new Promise<void>((done, failed) => mailbox.#server.once('error', failed).listen(0, '127.0.0.1', () => done()));
    mailbox.#server.on('error', () => undefined);   // a sender that was killed in the middle
    return mailbox;
  }

  private constructor(onMail: (mail: Mail) => void) {
    this.#onMail = onMail;
    this.#server = new SMTPServer({
      authOptional: true, disabledCommands: ['STARTTLS'], logger: false, closeTimeout: 100, size: SIZE_MAX,
      onData: (stream, session, done) => {
        const pieces: Buffer[] = [];
        stream.on('data', (piece: Buffer) => pieces.push(piece));
        stream.on('end', () => {
          if (stream.sizeExceeded) return done(Object.assign(new Error('too large'), { responseCode: 552 }));
          const kept = this.#keeping.then(() => this.#keep(Buffer.concat(pieces), session.envelope.rcptTo.map(({ address }) => address)));
          this.#keeping = kept.catch(() => undefined);
          kept.then(() => done(), () => done(Object.assign(new Error('not now'), { responseCode: 451 })));
        });
      },
    });
  }

  get url(): string {
    return `smtp://127.0.0.1:${(this.#server.server.address() as AddressInfo).port}`;
  }

  /** In the order of their numbers. */
  get mails(): Mail[] {
    return [...this.#mails.values()].sort((a, b) => (a.eml < b.eml ? -1 : 1));
  }

  /** Mails that are there from an earlier start are read. */
  async keepIn(folder: string): Promise<void> {
    await mkdir(folder, { recursive: true });
    for (const name of (await readdir(folder)).filter((file) => file.endsWith('.eml'))) {
      const raw = await readFile(join(folder, name));
      const mail = await PostalMime.parse(raw);
      this.#mails.set(idOf(mail, raw), mailOf(mail, join(folder, name.slice(0, -'.eml'.length))));
    }
    this.#folder = folder;
  }

  async close(): Promise<void> {
    await new Promise<void>((done) => this.#server.close(() => done()));
  }

  /** A mail that comes again (same Message-ID) takes the place of the first. */
  async #keep(raw: Buffer, recipients: readonly string[]): Promise<void> {
    if (this.#folder === null) throw new Error('the mailbox has no folder yet');
    const mail = await PostalMime.parse(raw);
    const id = idOf(mail, raw);
    const before = this.#mails.get(id);
    const name = `${String(this.#mails.size + 1).padStart(2, '0')}-${slug(mail.subject ?? '')}-${slug(recipients[0]?.split('@')[0] ?? '')}`;
    const kept = mailOf(mail, before ? before.eml.slice(0, -'.eml'.length) : join(this.#folder, name));
    await writeFile(kept.html, withPictures(mail));
    await writeFile(kept.eml, raw);
    this.#mails.set(id, kept);
    if (!before) this.#onMail(kept);
  }
}

const idOf = (mail: Email, raw: Buffer): string => mail.messageId ?? createHash('sha256').update(raw).digest('hex');

function mailOf(mail: Email, path: string): Mail {
  const to = mail.to?.map(({ address }) => address ?? '').join(', ') ?? '';
  return { to, subject: mail.subject ?? '', at: mail.date ?? '', text: mail.text ?? '', eml: `${path}.eml`, html: `${path}.html` };
}

/** A browser knows no `cid:` addresses. */
function withPictures({ html = '', attachments }: Email): string {
  return attachments.reduce((page, { contentId, mimeType, content }) => {
    if (!contentId || typeof content === 'string') return page;
    return page.replaceAll(`cid:${contentId.replace(/^<|>$/g, '')}`, `data:${mimeType};base64,${Buffer.from(content instanceof ArrayBuffer ? new Uint8Array(content) : content).toString('base64')}`);
  }, html);
}

function slug(text: string): string {
  return text.toLowerCase().replace(/^\[aftercare\] [^:]*: /, '').replace(/[^a-z0-9]+/g, '-').replace(/^-|-$/g, '').slice(0, 48).replace(/-$/, '');
}
