/** Remembers what was found out of a header's name, so that a usual spelling is read once and not at each request. */

/** Spellings that are remembered; they come from outside, so there is an end to it. */
const most = 1024;
const longest = 64;

export function rememberedByName<T extends string>(read: (name: string) => T): (name: string) => T {
  const spellings = new Map<string, T>();
  return (name) => {
    const known = spellings.get(name);
    if (known !== undefined) return known;
    const fresh = read(name);
    if (spellings.size < most && name.length <= longest) spellings.set(name, fresh);
    return fresh;
  };
}
