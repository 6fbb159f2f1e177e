/** Names that an option lists, such as `--roles user,admin`. */
export function nameList(text = ''): string[] {
  return text
    .split(',')
    .map((item) => item.trim())
    .filter((item) => item !== '');
}
