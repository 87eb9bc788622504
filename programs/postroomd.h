/*
 * postroomd.h - the entries that main() chooses from
 */
#ifndef POSTROOM_PROGRAMS_POSTROOMD_H
#define POSTROOM_PROGRAMS_POSTROOMD_H

/* Be the parent, in the foreground, until told to end; the exit status. */
int	parent_main(const char *config_path);

#endif
