/** A host name made of a machine's name: lower case, digits and hyphens, at most 63 characters (RFC 1123). */
export function hostnameOf(name: string): string {
  const plain = name
    .toLowerCase()
    .replace(/[^a-z0-9-]+/g, '-')
    .slice(0, 63)
    .replace(/^-+|-+$/g, '');
  return plain === '' ? 'machine' : plain;
}

const variableName = /^[A-Za-z_][A-Za-z0-9_]*$/;

/** The first name that can't be an environment variable, or whose value has a NUL; undefined: all are fine. */
export function findBadVariable(variables: Readonly<Record<string, string>>): string | undefined {
  return Object.keys(variables).find(
    (name) => !variableName.test(name) || variables[name]?.includes('\0') === true,
  );
}

/** Text of /etc/environment: one variable a line, readable by pam_env and safe to source from a shell. */
export function environmentText(variables: Readonly<Record<string, string>>): string {
  return Object.entries(variables)
    .map(([name, value]) => {
      const plain = /^[A-Za-z0-9_./:@%+,=-]*$/.test(value);
      return `${name}=${plain ? value : `"${value.replace(/[\\"$`]/g, '\\$&')}"`}\n`;
    })
    .join('');
}
