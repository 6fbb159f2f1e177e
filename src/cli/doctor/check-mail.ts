/**
 * The mail server of the Auth API: accepts connections, speaks SMTP, offers TLS and a login as configured, and accepts the password. It
 * uses the Auth API's own connection settings, so the results apply to it. No mail is sent.
 */
import SmtpConnection from 'nodemailer/lib/smtp-connection';
import { connectionOptions, loginOf } from '../../auth-api/outbox/smtp-delivery.ts';
import type { MailConfig } from '../../config/config.ts';
import { isThisMachine, type SmtpConfig } from '../../config/units/mail.ts';
import { type Finding, findingsOf, withinCheck } from './check.ts';
import { certificateCodes, connectionAdvice } from './see-server.ts';

/** `setting`: where `mail` is configured. */
export async function checkMail({ smtp }: MailConfig, setting: string, timeoutMs: number): Promise<readonly Finding[]> {
  const findings = findingsOf('mail', `${setting} ${smtp.host}:${smtp.port}`);
  const session = await tryOut(smtp, withinCheck(10_000, timeoutMs));
  if ('fault' in session) return [faultFinding(session.fault, smtp, setting, findings)];
  return sessionFindings(session, smtp, setting, findings);
}

interface Session {
  readonly isEncrypted: boolean;
  readonly offersLogin: boolean;
  readonly isLoggedIn: boolean;
}

/** A failure of the library. */
interface Fault {
  readonly code?: string | undefined;
  readonly originalCode?: string | undefined;
  readonly responseCode?: number | undefined;
  readonly command?: string | undefined;
}

/** EHLO, STARTTLS, AUTH and QUIT. Never rejects. */
function tryOut(smtp: SmtpConfig, timeoutMs: number): Promise<Session | { readonly fault: Fault }> {
  const connection = new SmtpConnection(connectionOptions(smtp, { connectMs: timeoutMs, silenceMs: timeoutMs }));
  return new Promise((resolve) => {
    const fail = (fault: Fault) => {
      clearTimeout(timer);
      connection.close();
      resolve({ fault });
    };
    const timer = setTimeout(() => fail({ code: 'ETIMEDOUT' }), timeoutMs);
    const end = () => {
      clearTimeout(timer);
      const { secure: isEncrypted, allowsAuth: offersLogin, authenticated: isLoggedIn } = connection;
      connection.quit();
      resolve({ isEncrypted, offersLogin, isLoggedIn });
    };
    // Also after the end: an error without a listener would end the process.
    connection.on('error', fail);
    connection.connect((fault) => {
      if (fault) return fail(fault);
      if (smtp.credentials === null || !connection.allowsAuth) return end();
      connection.login(loginOf(smtp.credentials), (refused) => (refused ? fail(refused) : end()));
    });
  });
}

function faultFinding(
  { code = 'unknown', originalCode, responseCode, command = '' }: Fault,
  { implicitTls }: SmtpConfig,
  setting: string,
  { error }: ReturnType<typeof findingsOf>,
): Finding {
  const system = originalCode ?? code;
  const reply = responseCode === undefined ? '' : ` (${responseCode})`;
  if (code === 'EAUTH') {
    return error(`it rejects the user or the password${reply}`, `Correct them in "${setting}.smtp".`);
  }
  if (certificateCodes.test(system) && system !== wrongVersion) {
    const advice = 'add its CA with NODE_EXTRA_CA_CERTS, or correct the host name.';
    return error(`its certificate is not trusted (${system})`, `Replace the certificate, ${advice}`);
  }
  if (command === 'STARTTLS' || code === 'ETLS') {
    return error(
      `it does not offer TLS${reply}, which "${setting}" requires`,
      'Enable STARTTLS on the server, or use smtps:// if this is its port for TLS.',
    );
  }
  const wrongScheme = implicitTls
    ? 'Use smtp:// for a port that starts without TLS, usually 587 or 25; smtps:// needs 465.'
    : 'Check that this is the port of a mail server; a port that starts with TLS, usually 465, needs smtps://.';
  if (system === wrongVersion) return error('it does not start with TLS', wrongScheme);
  if (code === 'EPROTOCOL') return error(`it does not accept mail, or is not a mail server${reply}`, wrongScheme);
  if (code === 'ETIMEDOUT') return error('no response from a mail server in time', wrongScheme);
  return error(`no connection (${system})${reply}`, connectionAdvice(system, setting));
}

/** Code of OpenSSL for bytes that are not TLS. */
const wrongVersion = 'ERR_SSL_WRONG_VERSION_NUMBER';

function sessionFindings(
  { isEncrypted, offersLogin, isLoggedIn }: Session,
  { host, credentials }: SmtpConfig,
  setting: string,
  { ok, warning }: ReturnType<typeof findingsOf>,
): readonly Finding[] {
  const login = isLoggedIn ? ', and accepts the password' : '';
  const connection = ok(`accepts connections ${isEncrypted ? 'with TLS' : 'without TLS'}${login}`);
  if (credentials !== null && !offersLogin) {
    const advice = `Remove user and password from "${setting}.smtp", or enable AUTH on the server.`;
    return [connection, warning('it does not offer AUTH: mail is sent without the password', advice)];
  }
  if (!isEncrypted && !isThisMachine(host)) {
    const advice = `Enable STARTTLS on the server, and set "${setting}.requireTls".`;
    return [connection, warning('it does not offer TLS: codes can be read in transit', advice)];
  }
  return [connection];
}
