/** The mail server, when one is configured. */
import { mailSettings, openMailer } from '../../worker/index.js';
import { guarded, ok, type Check } from './check.js';

/** Connects and logs in; sends nothing. */
export function checkMail(mailUrl: string): Promise<Check[]> {
  return guarded('mail', 'see that the address smtp://user:password@host:port is right and that the server takes mail from this machine', async () => {
    const settings = mailSettings({ url: mailUrl });
    if (settings === null) return [];
    const mailer = openMailer(settings);
    try {
      await mailer.verify();
      return [ok('mail', `the mail server at ${new URL(settings.url).host} answers and lets us in; mails come from ${settings.from}`)];
    } finally {
      mailer.close();
    }
  });
}
