/*
 * inside.h - what the readers of foreign settings share
 *
 * Every function returns 0 or -ENOBUFS unless it says otherwise.
 */
#ifndef POSTROOM_FETCH_IMPORT_INSIDE_H
#define POSTROOM_FETCH_IMPORT_INSIDE_H

#include "fetch/import/import.h"

/* Where a reader stands: what it finds is of that line. */
struct import_at {
	struct import	*import;
	const char	*file;
	unsigned	 line;		/* from 1 */
};

/* A setting has no counterpart here, or stands here in another way. */
int	import_remark(const struct import_at *, enum sentence words,
	    struct slice about);
/* An account or a list is lost. */
int	import_loss(const struct import_at *, enum sentence words,
	    struct slice about);

/* A copy of `like` (NULL: nothing said) as a new account of that line. */
int	import_account_add(const struct import_at *,
	    const struct import_account *like,
	    struct import_account **account_out);
/* What nobody has said anything of: kept there, not encrypted, POP3. */
void	import_account_init(struct import_account *);

/* A list of that line, empty and nobody's yet. */
int	import_list_add(const struct import_at *,
	    struct import_list **list_out);
/*
 * Add one that a server has named.  What cannot be one, or is one too many, is
 * remarked as lost.
 */
int	import_id_add(const struct import_at *, struct import_list *,
	    struct slice id);

/* The next line without its end (LF or CR LF); false: that was all. */
bool	import_line(struct import_at *, struct slice *rest,
	    struct slice *line_out);

/* "on", "yes", "true", "1" and their opposites; false: none of these. */
bool	import_bool(struct slice, bool *is_out);
/* An amount with k or m behind it, 1024 each.  0, -EINVAL or -ERANGE. */
int	import_amount(struct slice, uint64_t *bytes_out);
/* A port number, or the name of a service that has mail.  0 or -EINVAL. */
int	import_port(struct slice, uint16_t *port_out);
/* 64 hexadecimal digits, colons between them or not. */
bool	import_is_sha256(struct slice);

/* Readers of one format each: those of a settings file ... */
typedef int	import_reader(struct import_at *, struct slice bytes);
import_reader	import_fetchmail, import_getmail, import_mpop, import_csv,
		import_mdaemon, import_hmailserver;
/* ... and those of lists. */
import_reader	import_fetchids, import_oldmail, import_uidls,
		import_csv_ids;

/* Does a line of column names begin it, as an export has them? */
enum import_format import_csv_guess(struct slice bytes);
bool	import_csv_has_ids(struct slice bytes);

#endif
