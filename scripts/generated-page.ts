/** The last line of a generated page. Readers do not need it, so it is not the first. */
export function asGenerated(page: string, from: string, script: string): string {
  return `${page.trimEnd()}\n\nThis page is generated from ${from} by \`scripts/${script}\`; do not edit it.\n`;
}
