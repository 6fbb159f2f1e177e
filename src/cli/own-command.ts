/** How a reader of the output calls Rolegate: in a clone nothing is installed, so `npm run rolegate` is the command. */
export function ownCommand(): string {
  const event = process.env['npm_lifecycle_event'];
  if (event === 'start' || event === 'rolegate') return 'npm run -s rolegate --';
  return event === 'npx' ? 'npx rolegate' : 'rolegate';
}
