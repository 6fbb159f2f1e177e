/** Texts that differ from those that conditions compare with, but that a service may treat as equal. */
import { alikeForm, beginsAlike } from '../../core/policy/alike.ts';

/** Invisible, so a service may drop it, and no author writes it. */
const softHyphen = '\u00ad';

/** The texts in another spelling: from each beginning on, and at the end. */
export function textsAlike(texts: readonly string[], beginnings: readonly string[]): readonly string[] {
  return texts.flatMap((text) => {
    const form = alikeForm(text);
    const begun = ['', ...beginnings]
      .filter((beginning) => beginsAlike(text, beginning))
      .flatMap((beginning) => {
        const rest = form.slice(alikeForm(beginning).length);
        return [softHyphen + rest, rest, rest.toUpperCase()].map((spelled) => beginning + spelled);
      });
    // Header fields have only ASCII.
    return [...begun, text + softHyphen, `${text}.`];
  });
}
