#ifndef KSER_CLIBMICROHTTPD_SHIM_H
#define KSER_CLIBMICROHTTPD_SHIM_H

#include <microhttpd.h>

static inline int kser_mhd_is_started(enum MHD_ConnectionNotificationCode code)
{
    return code == MHD_CONNECTION_NOTIFY_STARTED;
}

// Swift does not import functions of variable arguments.
static inline const union MHD_ConnectionInfo *kser_mhd_socket(struct MHD_Connection *connection)
{
    return MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
}

static inline const union MHD_ConnectionInfo *kser_mhd_client(struct MHD_Connection *connection)
{
    return MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
}

#endif
