/** The page of a person's own sessions: where they are, and how to end them. */
import { deviceName } from '../../core/request/device-name.ts';
import { html, type Look, nothing, type Page, renderPage } from './page.ts';
import type { PageTexts } from './texts/page-texts.ts';

export interface SessionRow {
  readonly device: string;
  readonly address: string;
  readonly openedAtMs: number;
  readonly usedAtMs: number;
  readonly isThisOne: boolean;
  /** Address that ends it. */
  readonly endAction: string;
}

export interface SessionsPage {
  /** Of the person. */
  readonly name: string;
  readonly rows: readonly SessionRow[];
  readonly endAllAction: string;
}

export function sessionsPage(look: Look<PageTexts>, { name, rows, endAllAction }: SessionsPage): Page {
  const { texts } = look;
  const lines = rows.map(
    (row) => html`<tr>
<td>${deviceName(row.device, texts)}${row.isThisOne ? html`<span class="badge">${texts.thisSession}</span>` : nothing}<br><small>${row.address}</small></td>
<td data-column="${texts.openedColumn}">${moment(row.openedAtMs)}</td>
<td data-column="${texts.usedColumn}">${moment(row.usedAtMs)}</td>
<td><form method="post" action="${row.endAction}"><button class="plain">${texts.signOut}</button></form></td>
</tr>
`,
  );
  return renderPage({
    title: texts.sessionsTitle,
    look,
    body: html`<h1>${texts.sessionsTitle}</h1>
<p>${texts.sessionsOf(name)}</p>
<table>
<thead><tr><th>${texts.browserColumn}</th><th>${texts.openedColumn}</th><th>${texts.usedColumn}</th><td></td></tr></thead>
<tbody>
${lines}</tbody>
</table>
<form method="post" action="${endAllAction}" class="row"><button>${texts.signOutEverywhere}</button> <a href="/">${texts.goToStart}</a></form>
`,
  });
}

function moment(ms: number) {
  const iso = new Date(ms).toISOString();
  return html`<time datetime="${iso}">${iso.slice(0, 10)} ${iso.slice(11, 16)} UTC</time>`;
}
