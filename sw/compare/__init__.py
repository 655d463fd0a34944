"""Other computations of a network, beside golden's."""
