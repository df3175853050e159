import { IsOptional, IsString } from 'class-validator';
import type { DomainError } from '../errors/domain.error';
import { validated } from './validation';

class NoteDto {
  @IsOptional()
  @IsString()
  readonly text?: string;
}

function problems(plain: unknown): unknown {
  try {
    validated(NoteDto, plain);
    return [];
  } catch (error) {
    return [(error as DomainError).code, ...((error as DomainError).errors ?? []).map(({ field }) => field)];
  }
}

const nested = (depth: number): unknown => JSON.parse('{"a":'.repeat(depth) + '1' + '}'.repeat(depth));

describe('validated', () => {
  it.each<[string, unknown, unknown]>([
    ['a known field', { text: 'x' }, []],
    ['an unknown field', { text: 'x', more: 1 }, ['VALIDATION_FAILED', 'more']],
    ['a list', [], ['VALIDATION_FAILED']],
    ['text that cannot be stored', { text: 'a\0' }, ['VALIDATION_FAILED', 'text']],
    ['a name of a prototype further down', { text: { constructor: 'x' } }, ['VALIDATION_FAILED', 'text']],
    ['the same in a list', { text: [[{ prototype: 1 }]] }, ['VALIDATION_FAILED', 'text']],
    ['what would exhaust the stack', { text: nested(5_000) }, ['VALIDATION_FAILED', 'text']],
  ])('%s', (_what, plain, expected) => expect(problems(plain)).toEqual(expected));
});
