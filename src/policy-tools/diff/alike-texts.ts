/** Texts that are none of those that conditions compare with, but that a service may take for one. */
import { alikeForm, beginsAlike } from '../../core/policy/alike.ts';

/** Not seen, so a service may drop it, and no author has written it. */
const softHyphen = '\u00ad';

/** In another spelling from each of the beginnings on, and at the end. */
export function textsAlike(texts: readonly string[], beginnings: readonly string[]): readonly string[] {
  return texts.flatMap((text) => {
    const form = alikeForm(text);
    const begun = ['', ...beginnings]
      .filter((beginning) => beginsAlike(text, beginning))
      .flatMap((beginning) => {
        const rest = form.slice(alikeForm(beginning).length);
        return [softHyphen + rest, rest, rest.toUpperCase()].map((spelled) => beginning + spelled);
      });
    return [...begun, text + softHyphen];
  });
}
