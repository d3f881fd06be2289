/* connection_private.h - between the files of connection.h. */
#ifndef KH_NET_CONNECTION_PRIVATE_H
#define KH_NET_CONNECTION_PRIVATE_H

#include "net/connection.h"

/* Of every port. */
void kh_connection_list_all(const struct kh_root *root, struct kh_strv *connections);

#endif
