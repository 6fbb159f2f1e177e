/**
 * Words of a careful translation, and the idiomatic ones in their place. Spaces of a pattern also match a line break.
 */

export interface HouseWord {
  readonly pattern: RegExp;
  readonly say: string;
  /** Text that the pattern must find: its control. */
  readonly example: string;
}

const houseWord = (words: string, say: string, example: string): HouseWord => ({
  pattern: new RegExp(`\\b(?:${words.replaceAll(' ', '\\s+')})\\b`, 'gi'),
  say,
  example,
});

export const houseWords: readonly HouseWord[] = [
  houseWord('who(?:m)?ever', '"anyone who", or the person: the user, the operator', 'whoever writes to Redis'),
  houseWord('nobody|somebody|everybody|anybody', 'the person: no client, a user, every user', 'nobody can read it'),
  houseWord(
    'answer(?:s|ed|ing)?',
    '"response", "returns", "responds"; of a credential "result"',
    'the service answers 502',
  ),
  houseWord('ask(?:s|ed|ing)? for', '"requires", "requests", "needs"', 'a route that asks\nfor a role'),
  houseWord('left out', '"omitted"; of a setting "by default", "if unset"', 'left out: 10s'),
  houseWord('stands(?! in for)', '"is"; of a text "appears"; of a sign "means"', 'the code stands in the body'),
  houseWord('as (?:it|they) stand', '"unchanged", "as shown"', 'they run as they stand'),
  houseWord('(?:is|are|was|were|be|been|being) told', '"is notified", "receives"', 'every replica is told'),
  houseWord('pass(?:es|ed|ing)?(?: it| them)? by', '"bypass"', 'no client passes it by'),
  houseWord('doors?', 'what it is: the port, the listener, access', 'an outage opens the door'),
  houseWord('deaf', '"disconnected"', 'a deaf replica'),
  houseWord('(?:lies|what is) behind', 'what it is: the service', 'what lies behind it'),
  houseWord('(?:has|have|had) to hold', '"must be true"', 'both have to hold'),
  houseWord('in place of', '"instead of"', 'a list in place of one name'),
  houseWord('goes on', '"continues", "keeps"', 'the process goes on without Redis'),
  houseWord('out of reach', '"unreachable"', 'while Redis is out of reach'),
  houseWord('is away', '"is down", "is unavailable"', 'while Redis is away'),
  houseWord('believe[sd]?', '"trusts"; of data "accepts"', 'headers that are believed'),
  houseWord('tells', '"shows", "returns", "reports"', 'the header tells which'),
  houseWord('hears?', '"receives"', 'gateways hear of it'),
  houseWord('anew', '"again"', 'looked up anew'),
  houseWord('in its place', '"instead"', 'a deny route in its place'),
  houseWord('by hand', '"manually", or who does it', 'a session that is ended by hand'),
  houseWord('(?:is|are|was|were|be|been|being) asked', '"is called", "is used"', 'the first source is asked'),
  houseWord('came of it', '"the result"', 'write down what came of it'),
  houseWord('round in a circle', '"loops"', 'a request that goes round in a circle'),
  houseWord(
    'whether (?:it does|there (?:is|are)(?: one| any)?)(?=\\.)',
    'what it does: "Creates it."',
    'Whether there is one.',
  ),
  houseWord('(?:the|an|no|any) own', '"its own", "the caller\'s"', 'Ends an own session.'),
  houseWord('beyond it(?=:)', 'what happens: "Exceeding it returns 413."', 'Largest body; beyond it: 413.'),
  houseWord('false: none', 'what false does: "False disables it."', 'A cookie. False: none.'),
  houseWord('(?:is|are) there already', '"existing"', 'a Secret that is there already'),
  houseWord('(?<!(?:there|where) )(?:is|are) no (?!longer|more|such)(?=[a-z])', '"is not a"', 'this is no address'),
];
