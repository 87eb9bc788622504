/*
 * scan_folder.h - the two folders of the scanner: signatures and scratch
 *
 * The one is somebody else's to change, at any time; the other was a hostile
 * process's to fill.
 */
#ifndef POSTROOM_PROGRAMS_SCAN_FOLDER_H
#define POSTROOM_PROGRAMS_SCAN_FOLDER_H

#include <stdbool.h>
#include <stdint.h>

/* What a folder of signatures looked like at one time. */
struct scan_print {
	uint64_t	mix;		/* of names, sizes and times */
	uint64_t	files;
	int64_t		newest_utc_s;	/* 0: there is no file */
};

/* Look at the files in `folder_fd`.  0 or a negative errno. */
int	scan_folder_print(int folder_fd, struct scan_print *print_out);
bool	scan_print_is(const struct scan_print *, const struct scan_print *);

/*
 * Remove `name` in `folder_fd` with all that is in it; NULL: all that is in the
 * folder itself.  No link is followed, and it goes down only as deep as a
 * scanner makes folders.  0 (also when it is not there), or a negative errno.
 */
int	scan_folder_sweep(int folder_fd, const char *name);

#endif
