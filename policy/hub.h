/*
 * hub.h - the hub's id: which installation every file belongs to
 *
 * 16 random bytes, made once by setup, kept in the file hub-id of the data
 * directory and carried by every database and segment, so that a folder of
 * another hub, or of a restored one, is noticed.
 */
#ifndef POSTROOM_POLICY_HUB_H
#define POSTROOM_POLICY_HUB_H

#define HUB_ID_BYTES	16
#define HUB_ID_FILE	"hub-id"

/* Read it from the data directory `data_fd`.  0, -ENOENT, -EUCLEAN. */
int	hub_id_read(int data_fd, unsigned char id_out[HUB_ID_BYTES]);
/* Make the file with this id, durably.  0, -EEXIST or a negative errno. */
int	hub_id_write(int data_fd, const unsigned char id[HUB_ID_BYTES]);

#endif
