/*
 * check.h - what repair needs to know of an index: is it there, is it right?
 */
#ifndef POSTROOM_STORE_CHECK_H
#define POSTROOM_STORE_CHECK_H

#include "store/account.h"

struct index_faults {
	unsigned	rows;		/* in the index itself */
	unsigned	letters;	/* that are not where it says */
};

/*
 * As account_check(), of index.db in `index_fd` and the letters in `letters_fd`,
 * an account's folder; search.db is not looked at.  0 and *faults_out, -ENODATA
 * (it has no rows at all), or a negative errno.
 */
int	index_check(int index_fd, int letters_fd, account_fault_fn *say,
	    void *arg, struct index_faults *faults_out);
/*
 * There is no index, or not a byte of one, although there are letters: whoever
 * made a new one now would hide them.
 */
bool	index_is_missing(int folder_fd);

#endif
