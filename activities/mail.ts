/** E-mail over SMTP. What may stand in a header is decided here, once. */
import { createHash } from 'node:crypto';
import { createTransport } from 'nodemailer';
import { InvalidInput } from '../domain/errors.js';

export interface MailSettings {
  /** smtp://user:password@host:port, smtps://… for TLS from the first byte */
  url: string;
  from: string;
}

export interface Mail {
  /** Stable: by it a receiver tells a repeat. */
  id: string;
  to: string;
  subject: string;
  text: string;
  /** The same for readers that show it. */
  html?: string;
  /** Pictures that stand in the HTML by `cid:<cid>`. */
  images?: { cid: string; name: string; png: Buffer }[];
}

/** `refused`: the other side will never take this one; anything thrown is a passing fault. */
export type Delivery = { state: 'sent' } | { state: 'refused'; reason: string };

export interface Mailer {
  send(mail: Mail): Promise<Delivery>;
  /** Resolves when the server lets us in. */
  verify(): Promise<void>;
  close(): void;
}

const DEFAULT_FROM = 'aftercare@localhost';
const PATIENCE_MS = 10_000;

/** Mail settings of a worker: given, else AFTERCARE_MAIL_URL and AFTERCARE_MAIL_FROM, else null: no mail server. @throws InvalidInput */
export function mailSettings(given: { url?: string | undefined; from?: string | undefined } = {}, environment: Record<string, string | undefined> = process.env): MailSettings | null {
  const url = given.url ?? environment.AFTERCARE_MAIL_URL;
  if (!url) return null;
  const from = given.from ?? environment.AFTERCARE_MAIL_FROM ?? DEFAULT_FROM;
  return checkMailSettings({ url, from });
}

/** @throws InvalidInput; never repeats the URL, which holds a password */
export function checkMailSettings(settings: MailSettings): MailSettings {
  const protocol = URL.canParse(settings.url) ? new URL(settings.url).protocol : '';
  if (protocol !== 'smtp:' && protocol !== 'smtps:') throw new InvalidInput('the mail URL is not of the form smtp://user:password@host:port');
  if (addressFault(addressIn(settings.from)) !== null) throw new InvalidInput(`the sender of mails '${settings.from}' is no e-mail address`);
  return settings;
}

export function openMailer(settings: MailSettings): Mailer {
  const { url, from } = checkMailSettings(settings);
  const transport = createTransport({ url, connectionTimeout: PATIENCE_MS, greetingTimeout: PATIENCE_MS, socketTimeout: PATIENCE_MS });
  const domain = addressIn(from).split('@')[1]!;
  return {
    async send({ id, to, subject, text, html, images = [] }) {
      const fault = addressFault(to);
      if (fault !== null) return { state: 'refused', reason: fault };
      try {
        // An address object is one recipient, whatever characters stand in it.
        await transport.sendMail({
          from, to: { name: '', address: to }, subject: oneLine(subject), text, ...(html === undefined ? {} : { html }), messageId: `<${id}@${domain}>`, headers: { 'Auto-Submitted': 'auto-generated' },
          // Neither files nor addresses are ever fetched for a mail.
          disableFileAccess: true, disableUrlAccess: true,
          attachments: images.map(({ cid, name, png }) => ({ cid, filename: name, content: png, contentType: 'image/png', contentDisposition: 'inline' as const })),
        });
        return { state: 'sent' };
      } catch (error) {
        const code = (error as { responseCode?: number }).responseCode ?? 0;
        // 5xx to a recipient or a message is final; 5xx to our credentials is mended by whoever runs the worker.
        const ours = (error as { code?: string }).code === 'EAUTH';
        if (code >= 500 && !ours) return { state: 'refused', reason: (error as Error).message };
        throw error;
      }
    },
    verify: async () => void (await transport.verify()),
    close: () => transport.close(),
  };
}

/** Only letters and digits, whatever stands in the notification's id. */
export function messageIdOf(notificationId: string): string {
  return `aftercare.${createHash('sha256').update(notificationId).digest('hex').slice(0, 40)}`;
}

/** Why this cannot be written to; null: it can. */
export function addressFault(address: string): string | null {
  return /^[^\s<>,;:"()[\]\\@\u0000-\u001f\u007f]+@[^\s<>,;:"()[\]\\@\u0000-\u001f\u007f]+$/.test(address) && address.length <= 254 ? null : `'${oneLine(address).slice(0, 80)}' is no e-mail address`;
}

/** `Name <a@b>` → `a@b` */
function addressIn(from: string): string {
  return /<([^<>]*)>\s*$/.exec(from)?.[1] ?? from.trim();
}

/** Line breaks and other control characters would begin a header of their own. */
export function oneLine(text: string): string {
  return text.replace(/[\u0000-\u001f\u007f\u2028\u2029]+/g, ' ').trim();
}
