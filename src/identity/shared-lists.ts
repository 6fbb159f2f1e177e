/** Holds a list of roles or groups once that many identities have alike: they take no memory for it, and a hit finds it warm. */

/** Lists that are remembered; they come from outside, so there is an end to it. */
const most = 1_024;
/** Characters of all names together: longer lists are rarely alike. */
const longest = 256;

let lists = new Map<string, readonly string[]>();

/** A frozen list of the same names in the same order. */
export function sharedList(names: readonly string[]): readonly string[] {
  // No name has a comma; if one had, the names themselves tell the lists apart.
  const text = names.join();
  const known = lists.get(text);
  if (known !== undefined && isSame(known, names)) return known;
  const list = Object.freeze([...names]);
  if (text.length > longest) return list;
  // Begins anew when it is full: what is in use comes back with the next identity.
  if (lists.size >= most) lists = new Map();
  lists.set(text, list);
  return list;
}

function isSame(known: readonly string[], names: readonly string[]): boolean {
  return known.length === names.length && known.every((name, index) => name === names[index]);
}
