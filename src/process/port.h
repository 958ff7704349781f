/* Loopback ports that are kept from others and at which nobody listens yet. */
#ifndef SAP_PROCESS_PORT_H
#define SAP_PROCESS_PORT_H

/* Reserves a free port of 127.0.0.1: while the descriptor is open the system gives the port to nobody, a connection to
   it is refused, and who names it and shares addresses (SO_REUSEADDR, as servers do) can listen there. Returns the
   descriptor, or -1 with errno. */
int sap_reserve_port(int *port);

#endif
