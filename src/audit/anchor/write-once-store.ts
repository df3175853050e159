/** Where a name, once taken, keeps its content. Names are paths of the form `a/b/c`. */
export interface WriteOnceStore {
  /** Returns when the content is durable. @returns false when the name is taken by something else */
  create(name: string, content: string): Promise<boolean>;
  read(name: string): Promise<string>;
  /** Names of the files and folders right below a folder; none when there is no such folder. */
  list(folder: string): Promise<readonly string[]>;
}
