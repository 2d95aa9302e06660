/** A story by one medium to one recipient. Throws what is worth another attempt. */
import { InvalidInput } from '../../domain/errors.js';
import type { NotificationChannel } from '../../domain/lifecycle-settings.js';
import type { Notice } from '../../domain/notice.js';
import type { Pool } from '../../store/pool.js';
import { postSigned } from '../http/post-signed.js';
import { messageIdOf, type Mailer } from '../mail.js';
import { chartPng } from './chart.js';
import { htmlOf } from './html.js';
import { subjectOf, textOf } from './message.js';
import { slackOf } from './slack.js';
import type { Story } from './story.js';

export interface SendDeps {
  pool: Pool;
  /** null: this worker has no mail server. */
  mailer: Mailer | null;
  /** Where people reach the pages, without a slash at the end; absent: links are left out. */
  publicUrl?: string | undefined;
}

export interface Parcel {
  /** Stable: by it a receiver tells a repeat. */
  id: string;
  recipient: string;
  notice: Notice;
  story: Story;
  /** Where the recipient may answer. */
  link: string | null;
}

/** null: sent; else why the other side will never take it. */
export async function sendMail({ mailer }: SendDeps, { id, recipient, story, link }: Parcel): Promise<string | null> {
  if (!mailer) return 'no mail server is configured: workers are given one by --mail or AFTERCARE_MAIL_URL';
  const plot = story.chart === null ? null : chartPng(story.chart);
  const image = plot && { cid: `plot.${messageIdOf(id)}`, ...plot };
  const delivery = await mailer.send({
    id: messageIdOf(id), to: recipient, subject: subjectOf(story), text: textOf(story, link), html: htmlOf(story, { link, ...(image ? { image } : {}) }),
    images: image ? [{ cid: image.cid, name: 'plot.png', png: image.png }] : [],
  });
  return delivery.state === 'sent' ? null : delivery.reason;
}

/** null: sent; else why the other side will never take it. */
export async function sendRequest({ pool }: SendDeps, channel: Extract<NotificationChannel, { kind: 'webhook' | 'slack' }>, { id, notice, story }: Parcel): Promise<string | null> {
  const body = channel.kind === 'slack' ? slackOf(story, notice) : {
    ...story.details, id, kind: notice.kind, topic: notice.topic, severity: notice.severity, model: story.model, text: story.sentence, at: new Date(notice.atMs).toISOString(), subject: notice.subject,
  };
  try {
    await postSigned(pool, channel, body, { id });
    return null;
  } catch (error) {
    if (error instanceof InvalidInput) return error.message;
    throw error;
  }
}
