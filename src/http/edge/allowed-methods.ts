import type { Request } from 'express';

/** What of Express's router is looked at. */
interface Layer {
  readonly route?: { readonly methods: Readonly<Record<string, boolean>> };
  match(path: string): boolean;
}

/** The methods of the routes at the path of a request that none of them took; none: there is no such path. */
export function allowedMethods({ app, path, method }: Request): readonly string[] {
  const { stack } = (app as unknown as { router: { stack: readonly Layer[] } }).router;
  const routes = stack.filter((layer) => layer.route !== undefined && layer.match(path));
  const methods = new Set(
    routes.flatMap(({ route }) => Object.keys(route!.methods)).map((name) => name.toUpperCase()),
  );
  if (methods.has('GET')) methods.add('HEAD');
  return methods.has(method) ? [] : [...methods].sort();
}
