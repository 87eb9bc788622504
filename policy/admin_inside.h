/*
 * admin_inside.h - what the keeper's handlers of console requests share
 */
#ifndef POSTROOM_POLICY_ADMIN_INSIDE_H
#define POSTROOM_POLICY_ADMIN_INSIDE_H

#include "policy/admin.h"

/* Rows of admin_requests[]. */
admin_fn	admin_public_add, admin_account_add, admin_account_list, admin_account_set,
		admin_account_remove;
admin_fn	admin_fetch_rules, admin_account_find;
admin_fn	admin_fetch_before, admin_fetch_providers;
admin_fn	admin_fetch_add, admin_fetch_list, admin_fetch_set,
		admin_fetch_remove,
		admin_fetch_known;
admin_fn	admin_visitor_list, admin_visitor_forgive, admin_visitor_grey;
admin_fn	admin_domain_add, admin_domain_set, admin_domain_list;
admin_fn	admin_dkim_add, admin_dkim_list, admin_dkim_remove;
admin_fn	admin_sender_allow, admin_sender_block, admin_sender_remove,
		admin_sender_list;
admin_fn	admin_alias_add, admin_alias_set, admin_alias_remove,
		admin_alias_list;
admin_fn	admin_list_add, admin_list_set, admin_list_remove,
		admin_list_list;
admin_fn	admin_forward_set, admin_forward_remove, admin_forward_list;
admin_fn	admin_smarthost_set, admin_smarthost_remove,
		admin_smarthost_list;
admin_fn	admin_device_add, admin_device_remove, admin_device_list;
admin_fn	admin_gateway_add, admin_gateway_list, admin_gateway_set,
		admin_gateway_remove;
admin_fn	admin_oauth_set, admin_oauth_list, admin_oauth_remove,
		admin_fetch_way;

/*
 * Whose own that is: a person's, whatever the argument `arg` says (one that names
 * another is refused), or of whom the postmaster names.  0, or an errno, and who
 * is at fault.
 */
int	admin_find_owner(struct policy *, struct admin_work *, unsigned arg,
	    struct policy_account *owner_out);
/*
 * The fetch account that the first two arguments name, address and label; an
 * owner of one only need not say which.  0, or an errno, and who is at fault.
 */
struct fetch_account;
int	admin_find_fetch(struct policy *, struct admin_work *,
	    struct fetch_account *fetch_out);admin_fn	admin_line_report;

/* Make the key that "dkim add" asks for: the slow part of it. */
enum admin_status admin_dkim_make(struct admin_work *);

/* What an errno of accounts.h and fetch_accounts.h means to who asked. */
enum admin_status admin_status_of(int r);
/*
 * Copy argument `arg` as a C string; one that is not given leaves `buffer`.
 * False: it is too long or holds a NUL, and is named as the one at fault.
 */
bool	admin_copy(struct admin_work *, unsigned arg, char *buffer,
	    size_t size);

#endif
