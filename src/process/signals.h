/* Signals that ask a program to end, as something to look at: a handler notes them, and nothing else happens. */
#ifndef SAP_PROCESS_SIGNALS_H
#define SAP_PROCESS_SIGNALS_H

/* From now on SIGINT, SIGTERM and SIGHUP are noted; SIGTERM and SIGHUP that the program was started to ignore stay
   ignored. A second one ends the program as if there were no handler. System calls that wait are interrupted. */
void sap_note_signals(void);

/* The first one that has come, or 0. */
int sap_noted_signal(void);

#endif
