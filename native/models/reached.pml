/*
 * reached.pml - marks for the states without which a model shows nothing.
 *
 * REACHED(what) says in the verifier's output that the search has been here. run.sh fails a correct
 * model if any mark that its flags leave in the model was never passed.
 */
#define REACHED(what) \
  c_code { \
    static int once; \
    if (!once++) printf("reached: " #what "\n"); \
  }
