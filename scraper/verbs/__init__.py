"""What each verb of the command line does. A module is imported when its verb is called, so that help is quick."""
