/*
 * admin_providers.c - the keeper's answer to fetch providers
 *
 * The providers that are known, and those the office is registered with: for who
 * chooses one when a remote mailbox is added.
 */
#include "policy/admin_inside.h"

#include <errno.h>

#include "policy/grants.h"
#include "policy/providers.h"

struct listing {
	struct admin_work	*work;
	struct text		*rows;
};

static void
add_word(struct text *rows, const char *word)
{
	pack_slice(rows, slice_str(word == NULL ? "" : word));
}

static void
add_bool(struct text *rows, bool is_so)
{
	add_word(rows, is_so ? "yes" : "no");
}

/* `client`: how the office is registered there, or NULL. */
static void
add_known(struct listing *listing, const struct mail_provider *known,
    const struct oauth_client *client)
{
	struct text *rows = listing->rows;

	add_word(rows, known->name);
	add_word(rows, known->title);
	add_word(rows, known->pop3.host);
	add_word(rows, known->imap.host);
	add_bool(rows, known->app_password);
	add_bool(rows, client != NULL);
	add_bool(rows, client != NULL && (client->device_url[0] != '\0' ||
	    known->device_url != NULL));
	add_bool(rows, client != NULL && known->pop3_oauth);
	listing->work->rows++;
}

/* One that only the postmaster knows. */
static int
add_other(void *arg, const struct oauth_client *client)
{
	struct listing *listing = arg;
	struct text *rows = listing->rows;

	if (provider_find(slice_str(client->name)) != NULL)
		return 0;
	add_word(rows, client->name);
	add_word(rows, client->name);
	add_word(rows, NULL);
	add_word(rows, NULL);
	add_bool(rows, false);
	add_bool(rows, true);
	add_bool(rows, client->device_url[0] != '\0');
	add_bool(rows, true);
	listing->work->rows++;
	return 0;
}

enum admin_status
admin_fetch_providers(struct policy *policy, struct admin_work *work,
    struct text *rows)
{
	struct listing listing = { work, rows };
	struct oauth_client client;
	int r;

	for (size_t i = 0; mail_providers[i].name != NULL; i++) {
		r = policy_client_get(policy,
		    slice_str(mail_providers[i].name), &client);
		if (r < 0 && r != -ENOENT)
			return admin_status_of(r);
		add_known(&listing, &mail_providers[i],
		    r == 0 ? &client : NULL);
	}
	return admin_status_of(policy_client_each(policy, add_other,
	    &listing));
}
