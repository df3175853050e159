import fc from 'fast-check';
import type { Yaml as Json } from '../harness/yaml-files';

/** Stands in everything hostile that is sent: no answer to a refused request may repeat it. */
export const CANARY = 'Canary-Lovelace-7f3a';

const HOSTILE_TEXT = fc.oneof(
  fc.constantFrom(
    '',
    ' ',
    `${CANARY}\u0000`,
    `${CANARY}\uD800`,
    `${CANARY}'; DROP TABLE users; --`,
    `../../${CANARY}`,
    `${CANARY}\r\nX-Injected: 1`,
    `<script>${CANARY}</script>`,
    `%00${CANARY}`,
    `__proto__`,
    `2026-02-30`,
    `99999999999999999999`,
    `-1`,
    `1e400`,
    `NaN`,
  ),
  fc.string({ unit: 'binary', maxLength: 40 }).map((text) => CANARY + text),
  fc.integer({ min: 200, max: 20_000 }).map((length) => CANARY.padEnd(length, 'x')),
);

export const hostile: fc.Arbitrary<unknown> = fc.oneof(
  HOSTILE_TEXT,
  fc.constantFrom(null, true, -1, 0, 1.5, 2 ** 53, -(2 ** 63), [], {}, [[]], { $gt: '' }),
  fc.array(HOSTILE_TEXT, { maxLength: 3 }),
  fc.dictionary(fc.constantFrom('constructor', 'id', CANARY), HOSTILE_TEXT),
);

const TEXT_OF_FORMAT: Record<string, fc.Arbitrary<string>> = {
  uuid: fc.uuid({ version: 7 }),
  date: fc.constantFrom('2026-11-24', '1970-01-01'),
  'date-time': fc.constantFrom('2026-11-24T08:00:00.000Z', '1970-01-01T00:00:00Z'),
  email: fc.uuid().map((id) => `${id}@example.org`),
};

/** What fits the schema of the document. */
export function fitting(schema: Json, document: Json): fc.Arbitrary<unknown> {
  if (schema.$ref) return fitting(document.components.schemas[schema.$ref.split('/').pop()], document);
  if (schema.enum) return fc.constantFrom(...schema.enum);
  const [choice] = schema.oneOf ?? schema.anyOf ?? schema.allOf ?? [];
  if (choice) return fitting(choice, document);
  switch (schema.type) {
    case 'boolean':
      return fc.boolean();
    case 'integer':
      return fc.integer({ min: schema.minimum ?? 0, max: schema.maximum ?? 1000 });
    case 'number':
      return fc.double({ min: schema.minimum ?? 0, max: schema.maximum ?? 1, noNaN: true });
    case 'array': {
      const maxLength = Math.max(schema.minItems ?? 0, Math.min(schema.maxItems ?? 2, 2));
      return fc.array(fitting(schema.items ?? {}, document), { minLength: schema.minItems ?? 0, maxLength });
    }
    case 'object': {
      const fields = Object.entries<Json>(schema.properties ?? {});
      const model = Object.fromEntries(fields.map(([name, field]) => [name, fitting(field, document)]));
      return fc.record(model, { requiredKeys: schema.required ?? [] });
    }
    default: {
      const { minLength = 1, maxLength = 60, format } = schema;
      const text = fc.string({
        unit: 'grapheme-ascii',
        minLength,
        maxLength: Math.max(minLength, Math.min(maxLength, 60)),
      });
      return TEXT_OF_FORMAT[format] ?? text;
    }
  }
}

/** A body that fits, or one with a field replaced, added or missing, or none that is an object at all. */
export function bodies(schema: Json, document: Json): fc.Arbitrary<unknown> {
  const good = fitting(schema, document).filter((value) => typeof value === 'object');
  const broken = fc.tuple(good, fc.nat(), hostile).map(([value, at, bad]) => {
    const fields = Object.keys(value as object);
    const name = fields[at % Math.max(1, fields.length)] ?? 'nothing';
    return { ...(value as object), [name]: bad };
  });
  const added = fc.tuple(good, hostile).map(([value, bad]) => ({ ...(value as object), surplus: bad }));
  const without = fc.tuple(good, fc.nat()).map(([value, at]) => {
    const fields = Object.entries(value as object);
    return Object.fromEntries(fields.filter((_, i) => i !== at % Math.max(1, fields.length)));
  });
  return fc.oneof(good, broken, broken, added, without, hostile);
}
