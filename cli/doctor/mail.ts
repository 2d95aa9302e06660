/** The mail server, when one is configured. */
import nodemailer from 'nodemailer';
import { guarded, ok, type Check } from './check.js';

/** Connects and logs in; sends nothing. */
export function checkMail(mailUrl: string): Promise<Check[]> {
  return guarded('mail', 'see that the address smtp://user:password@host:port is right and that the server takes mail from this machine', async () => {
    const { hostname, port } = new URL(mailUrl);
    const transport = nodemailer.createTransport(mailUrl, {});
    try {
      await transport.verify();
      return [ok('mail', `the mail server at ${hostname}${port ? `:${port}` : ''} answers and lets us in`)];
    } finally {
      transport.close();
    }
  });
}
