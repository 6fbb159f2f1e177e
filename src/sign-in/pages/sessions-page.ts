/** The page of a person's own sessions: where they are, and how to end them. */
import { deviceName } from '../device.ts';
import { html, nothing, type Page, renderPage } from './page.ts';

export interface SessionRow {
  readonly device: string;
  readonly address: string;
  readonly openedAtMs: number;
  readonly usedAtMs: number;
  readonly isThisOne: boolean;
  /** Address that ends it. */
  readonly endAction: string;
}

export function sessionsPage(name: string, rows: readonly SessionRow[], endAllAction: string): Page {
  const lines = rows.map(
    (row) => html`<tr>
<td>${deviceName(row.device)}${row.isThisOne ? html`<span class="badge">this one</span>` : nothing}<br><small>${row.address}</small></td>
<td>${moment(row.openedAtMs)}</td>
<td>${moment(row.usedAtMs)}</td>
<td><form method="post" action="${row.endAction}"><button class="plain">Sign out</button></form></td>
</tr>
`,
  );
  return renderPage({
    title: 'Your sessions',
    body: html`<h1>Your sessions</h1>
<p>Browsers in which ${name} is signed in. Sign out those that you do not know or do not use any more.</p>
<table>
<thead><tr><th>Browser and address</th><th>Signed in</th><th>Last used</th><th></th></tr></thead>
<tbody>
${lines}</tbody>
</table>
<form method="post" action="${endAllAction}" class="row"><button>Sign out everywhere</button> <a href="/">Go to the start page</a></form>
`,
  });
}

function moment(ms: number) {
  const iso = new Date(ms).toISOString();
  return html`<time datetime="${iso}">${iso.slice(0, 10)} ${iso.slice(11, 16)} UTC</time>`;
}
