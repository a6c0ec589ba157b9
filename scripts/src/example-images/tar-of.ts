/**
 * The command that packs a directory for an image; what follows says where to. Everybody may read it there, whatever the umask of the
 * checkout or of whoever builds: the container's user is another, and an image is built once for all.
 */
export const tarOf = (directory: string): readonly string[] => [
  'tar',
  '--numeric-owner',
  '--owner=0',
  '--group=0',
  '--mode=a+rX',
  '-C',
  directory,
]
