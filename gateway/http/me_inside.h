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

/* Me_page.c: the frame and its parts */

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

/* A link to a page elsewhere, which must be https; else it is text. */
void	me_link_out(struct me_page *, struct slice url);

/* Me_fields.c: what forms are made of */

/* A field of one line, with its label above and a hint below. */
struct me_field {
	const char	*name;
	const char	*type;
	const char	*more;		/* attributes, our own markup */
	enum sentence	 label, hint;
	bool		 required;
};
/* `fault`: the argument that is not fit, or NULL. */
void	me_field(struct me_page *, const struct me_field *, struct slice value,
	    const char *fault);
void	me_group_begin(struct me_page *, enum sentence legend);
void	me_group_end(struct me_page *);
void	me_radio(struct me_page *, const char *name, const char *value,
	    bool checked, enum sentence label);
/* Its value is "yes". */
void	me_check(struct me_page *, const char *name, bool checked,
	    enum sentence label);
/* What belongs to the choice above it. */
enum me_size { ME_NUMBER, ME_LINE };
void	me_beside(struct me_page *, const char *name, enum sentence label,
	    struct slice value, enum me_size, bool is_fault);
bool	me_is_fault(const char *fault, const char *argument);
/* What must be said about an argument that is not fit. */
enum sentence me_want(const char *argument);

/* Me_form.c: the form of one mailbox */

/* What stands in it: of the account, or as it was sent. */
struct me_mailbox {
	bool		 is_new;
	struct slice	 was;		/* the label it has now; empty: none */
	struct slice	 label, host, port, tls, user, from, delete_after;
	struct slice	 pin, protocol, folders, every;
	bool		 enabled, has_pin, on_read, mirror;
	bool		 some_folders;	/* named ones, if only none */
	bool		 by_consent;	/* in place of a password */
	struct slice	 provider;	/* its name; "other"; empty: not said */
	/* what is known of it: */
	struct slice	 title;
	bool		 wants_app_password, may_consent;
};
/* The form; `fault` is the argument that is not fit, or NULL. */
void	me_form(struct me_page *, const struct me_mailbox *,
	    const char *fault);
/* From a row of "fetch list"; the digits of numbers stand in `numbers`. */
struct me_numbers { char port[12], every[12]; };
void	me_mailbox_of_row(const struct answer *, struct me_mailbox *,
	    struct me_numbers *);
/* Where that protocol and way of TLS are found, unless it is said. */
const char *me_usual_port(const struct me_mailbox *);
/* From what was sent. */
void	me_mailbox_of_form(const struct form *, struct me_mailbox *);

/* Me.c */

/* A page that only says that, and leads back. */
void	me_fault_page(struct web_visit *, unsigned status, enum sentence);
/* What the keeper or the schedule would not do. */
void	me_refused(struct web_visit *, const struct answer *);
/* A field that is left empty is not given. */
struct slice me_given(struct slice);
/* The list of the one mailbox that the query names. */
void	me_ask_one(struct web_visit *, web_answer_fn *then);
/* Its row; or it has been told that there is none. */
bool	me_one_row(struct web_visit *, struct answer *list);
/* "fetch test" of that one. */
void	me_ask_test(struct web_visit *, struct slice label,
	    web_answer_fn *then);
/* It runs: watch it; `what` is "test" or "now". */
void	me_go_to_run(struct web_visit *, struct answer *, const char *what);
/* On to that page with ?label=. */
void	me_go_with(struct web_visit *, const char *path, struct slice label);

/* Senders.c: a button that does that ("allow", "block", "remove") with it. */
void	me_sender_act(struct me_page *, const char *word, struct slice sender,
	    enum sentence);

/* Me_words.c */

/* A moment, for people: "11:42" today, else with its date. */
void	me_time(struct me_page *, int64_t utc_ms);
/* How a mailbox does: a row of "fetch health", or NULL when there is none. */
void	me_health(struct me_page *, const struct answer *health,
	    bool enabled);
/* How it is going, or went: a row of "fetch progress". */
void	me_progress(struct me_page *, const struct answer *row, bool is_test);

#endif
