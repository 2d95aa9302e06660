/** The mailbox of the demo's story: mails by SMTP, kept as files. */
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createTransport } from 'nodemailer';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { Mailbox, type Mail } from '../../cli/demo/loop/mailbox.js';

const PICTURE = Buffer.from('89504e470d0a1a0a', 'hex');
let folder: string;
let mailbox: Mailbox;
let came: Mail[];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'aftercare-mailbox-'));
  came = [];
  mailbox = await Mailbox.open((mail) => came.push(mail));
});
afterEach(async () => {
  await mailbox.close();
  await rm(folder, { recursive: true, force: true });
});

const send = (more: Record<string, unknown> = {}): Promise<unknown> => createTransport(mailbox.url).sendMail({
  from: 'aftercare@example.org', to: 'maria@example.org', subject: '[aftercare] loans: incident (realized performance, roc_auc)', text: 'It fell.', messageId: '<1@example.org>',
  html: '<p>It fell.</p><img src="cid:plot@aftercare">', attachments: [{ filename: 'plot.png', content: PICTURE, cid: 'plot@aftercare' }], ...more,
});

it('keeps a mail as it came, and as a page with its picture inside', async () => {
  await mailbox.keepIn(folder);
  await send();
  expect(await readdir(folder)).toEqual(['01-incident-realized-performance-roc-auc-maria.eml', '01-incident-realized-performance-roc-auc-maria.html']);
  expect(mailbox.mails).toMatchObject([{ to: 'maria@example.org', subject: '[aftercare] loans: incident (realized performance, roc_auc)', text: expect.stringContaining('It fell.') as string }]);
  expect(await readFile(mailbox.mails[0]!.html, 'utf8')).toContain(`<img src="data:image/png;base64,${PICTURE.toString('base64')}">`);
  expect(await readFile(mailbox.mails[0]!.eml, 'utf8')).toContain('Message-ID: <1@example.org>');
});

it('a mail that comes again is one mail, also after a restart; others are numbered on', async () => {
  await mailbox.keepIn(folder);
  await send();
  await send();
  await mailbox.close();
  mailbox = await Mailbox.open((mail) => came.push(mail));
  await mailbox.keepIn(folder);
  await send();
  await send({ messageId: '<2@example.org>', to: 'grace@example.org', subject: 'another' });
  expect(mailbox.mails.map(({ eml }) => eml.slice(folder.length + 1))).toEqual(['01-incident-realized-performance-roc-auc-maria.eml', '02-another-grace.eml']);
  expect(came).toHaveLength(2);
});

it('a subject names no file outside the folder', async () => {
  await mailbox.keepIn(folder);
  await send({ subject: '../../../etc/x' });
  expect(await readdir(folder)).toEqual(['01-etc-x-maria.eml', '01-etc-x-maria.html']);
});

it('before it has a folder a sender is told to come back', async () => {
  await expect(send()).rejects.toMatchObject({ responseCode: 451 });
});
