/** Elements that several pages of accounts have. */
import { type Html, html, nothing } from '../pages/page.ts';
import { hidden } from './pages.ts';

/** A button that sends these fields. */
export function actionForm(to: string, name: string, fields: Readonly<Record<string, string>>, text: string): Html {
  const all = Object.entries({ action: name, ...fields }).map(([field, value]) => hidden(field, value));
  return html`<form method="post" action="${to}">
${all}<button class="plain">${text}</button>
</form>
`;
}

export function badge(isShown: boolean, text: string): Html {
  return isShown ? html` <span class="badge">${text}</span>` : nothing;
}

export function table(rows: readonly Html[]): Html {
  if (rows.length === 0) return nothing;
  return html`<table>
<tbody>
${rows}</tbody>
</table>
`;
}

/** Where changes need a new sign-in. */
export function signInAgainFirst(address: string, why: string, text: string): Html {
  return html`<p>${why}</p>
<p><a class="button" href="${address}">${text}</a></p>
`;
}

export function dateOf(seconds: number): string {
  return new Date(seconds * 1000).toISOString().slice(0, 10);
}
