/*
 * me_inside.h - what the files of the page at /me share; for them alone
 *
 * Markup is written as literals, whatever else is in a page goes through
 * html.h.
 */
#ifndef POSTROOM_GATEWAY_HTTP_ME_INSIDE_H
#define POSTROOM_GATEWAY_HTTP_ME_INSIDE_H

#include "gateway/http/web_inside.h"

/* A page being written. */
struct me_page {
	struct web_visit	*visit;
	enum language		 language;
	struct text		 html;
};

/* ---- me_page.c: the frame and its parts -------------------------------- */

/* Begin a page of that title, which is its heading, too. */
void	me_page_begin(struct me_page *, struct web_visit *,
	    enum sentence title);
/* End it, and the visit with it. */
void	me_page_end(struct me_page *, unsigned status);
/* A sentence that takes nothing, as text. */
void	me_text(struct me_page *, enum sentence);
/* A paragraph of it. */
void	me_paragraph(struct me_page *, enum sentence);
/* What went wrong: read out first. */
void	me_alert(struct me_page *, struct slice words);
/* <form method="post" action="/me/WHERE"> with its token. */
void	me_form_begin(struct me_page *, const char *action);
void	me_hidden(struct me_page *, const char *name, struct slice value);
/* <button>; `quiet`: not the first thing to do here. */
void	me_button(struct me_page *, enum sentence, bool quiet);
/* A link that looks like a button; with ?label= unless `label` is empty. */
void	me_link(struct me_page *, const char *path, struct slice label,
	    enum sentence, bool quiet);

/* ---- me_form.c: the form of one mailbox -------------------------------- */

/* What stands in it: of the account, or as it was sent. */
struct me_mailbox {
	bool		 is_new;
	struct slice	 was;		/* the label it has now; empty: none */
	struct slice	 label, host, port, tls, user, from, delete_after;
	struct slice	 pin;
	bool		 enabled, has_pin;
};
/* The form; `fault` is the argument that is not fit, or NULL. */
void	me_form(struct me_page *, const struct me_mailbox *,
	    const char *fault);
/* From a row of "fetch list"; the digits of a port stand in `port`. */
#define ME_PORT_SIZE	12
void	me_mailbox_of_row(const struct answer *, struct me_mailbox *,
	    char port[ME_PORT_SIZE]);
/* From what was sent. */
void	me_mailbox_of_form(const struct form *, struct me_mailbox *);
/* What must be said about an argument that is not fit. */
enum sentence me_want(const char *argument);

/* ---- me_words.c -------------------------------------------------------- */

/* A moment, for people: "11:42" today, else with its date. */
void	me_time(struct me_page *, int64_t utc_ms);
/* How a mailbox does: a row of "fetch health", or NULL when there is none. */
void	me_health(struct me_page *, const struct answer *health,
	    bool enabled);
/* How it is going, or went: a row of "fetch progress". */
void	me_progress(struct me_page *, const struct answer *row, bool is_test);

#endif
