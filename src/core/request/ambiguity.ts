/**
 * Spellings of a path that services read in more than one way. A path that holds one is refused, unless the matched
 * route tolerates that kind and forwards it as it stands.
 */
export const Ambiguity = {
  /** `%2F`: one segment to some services, two to others. */
  encodedSlash: 1,
  /** `;`: the start of path parameters that some services cut off. */
  semicolon: 2,
  /** `%25` and two hex digits: an escape to services that decode twice. */
  doubleEncoding: 4,
  /** Blanks at the ends of a segment, which some services take away. */
  blanks: 8,
  /** Characters that some services fit into plainer ones. */
  fitted: 16,
} as const;

/** Names of people and files hold them, so every route keeps them; another reading has its say all the same. */
export const keptByAll: number = Ambiguity.blanks | Ambiguity.fitted;
